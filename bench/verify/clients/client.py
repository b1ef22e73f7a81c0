# Requests of Python's httpx, with HTTP/2. Arguments: a URL, and one with TLS, or none.
import sys

import httpx


def pieces(text):
    yield text


def send(client, url, name, method, **more):
    try:
        response = client.request(method, url, **more)
        print(f"{name}, {response.http_version}\t{response.status_code}\t{response.text}")
    except httpx.HTTPError as error:
        print(f"{name}\t0\t{error!r}")


if len(sys.argv) == 1:
    print(httpx.__version__)
for url in sys.argv[1:]:
    with httpx.Client(http2=True, verify=False) as client:
        send(client, url, "GET 0", "GET")
        send(client, url, "POST 5", "POST", content=b"hello")
        send(client, url, "POST 5, in pieces", "POST", content=pieces(b"hello"))
        send(client, url, "POST 0", "POST")
        send(client, url, "POST 0, in no pieces", "POST", content=pieces(b""))
        send(client, url, "POST 7, a form", "POST", data={"a": "1", "b": "2"})
