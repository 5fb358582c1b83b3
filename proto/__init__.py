"""The wire's vocabulary: messages, service and configuration schema, with the modules made from them."""
