"""The only module of the edge that sends SQL: named statements and one typed function per database function."""
