"""JSON Schemas of event payloads (operations 6): compiling, bounding, checking, comparing. Pure, like all of `ves`."""
