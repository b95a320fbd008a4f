"""What the OpenAPI document says of each operation: made from the views, with examples that a running server gave."""
