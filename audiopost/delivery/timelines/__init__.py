"""Cues and hit points as other programs open them: one file per target, each with `write(path, spotting)`.

Cues become regions or clips, hit points markers; rejected cues stay out. Times are frames of the picture, and timecode
begins with the recording's. marks.py makes the regions and markers that all of them share.
"""
