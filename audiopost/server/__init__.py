"""Jobs over HTTP, for pipelines in other languages: submit, status, result, cancel, over the ledger of a batch.

    client ── Guard (token, size of bodies) ── routes ── orders ─> Ledger <─ Driver ── Engine
                                                 └ uploads ─> FOLDER            (a thread of the server)

`app.create_app(settings)` is the FastAPI application, `works.opened` the ledger with the driver that works through it.
FastAPI comes with the extra `server`: nothing outside this folder imports it before `audiopost serve` is called.
"""
