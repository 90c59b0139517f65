"""Starts LocalStack on 127.0.0.1 alone: its own GATEWAY_LISTEN leaves out the host for IPv4 and listens everywhere."""

import functools

import twisted.internet.endpoints as endpoints

endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")

from localstack.runtime.main import main  # noqa: E402

main()
