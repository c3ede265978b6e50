"""The whole REST surface, driven by the document that the application serves."""
