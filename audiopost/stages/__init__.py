"""One folder a stage: Options, the table of backends, a plain function, and the Stage that wraps it."""
