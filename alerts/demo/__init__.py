"""The small world of `alerts demo`: local servers and sample news for the real service to work on.

It knows nothing of the stages; the service meets it as it meets the rest of the world, over HTTP
and SMTP. The end-to-end tests use the same servers.
"""
