"""gRPC: the same operations as HTTP, bound to the services of proto/ (grpc-api)."""
