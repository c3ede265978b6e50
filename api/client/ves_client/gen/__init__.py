"""Messages of the gRPC services, made from proto/ by `make generate`."""
