"""The agents' commands: one module a command, each a thin use of the library; mounted by `ves-agent` and by `ves`."""
