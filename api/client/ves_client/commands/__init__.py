"""The agents' commands over the library, one module per command; mounted by `ves-agent` and by `ves`."""
