"""A Litestar application with a route that any stock x402 client can pay."""
