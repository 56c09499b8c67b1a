"""Cue sheets: what a spotting session takes home, as table, spreadsheet and page, and read back when it was edited.

columns.py is the one list of columns, cells.py how hit points, ducks and tracks stand in one cell, words.py how values
are named in three languages, facts.py what a line says of a cue. csv.py, xlsx.py, pdf.py and html.py write; read.py
finds the table in a file and parse.py makes cues of its rows. rights.py is the performing rights cue sheet.
"""

from .read import Sheet, read_sheet

__all__ = ["Sheet", "read_sheet"]
