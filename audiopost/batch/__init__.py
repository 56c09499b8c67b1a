"""A series overnight: many recordings through one preset, nothing lost, on one machine or a cluster.

    inputs ─ sources, manifest ─> Orders ─ Ledger ─ Batch ─ Engine ─ Runner ─ pipeline.run
                                   (SQLite)  (the driver)  (local processes, or Ray actors)

An Order says what is to be made of one recording. The Ledger keeps every order with what became of it, and is written
by the driver alone. An Engine takes tasks and gives events back: `submit`, `results`, `cancel`; the driver decides what
an event means (tried again, quarantined, paused). A Runner does tasks in the process that holds the models.
"""
