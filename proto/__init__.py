"""The wire's vocabulary: messages, service and configuration, with the modules made from them."""
