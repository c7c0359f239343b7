# trueup in a container: an unprivileged user, a root file system that may be read-only, no build tools, no shell needed.
#
#     docker build --tag trueup:0.1.0 .
#     docker run --rm --read-only --tmpfs /tmp trueup:0.1.0 --help
#
# It writes in two places: /tmp, where the snapshot of a running audit lives, and the store, which is a Postgres
# elsewhere or a file on a volume at /var/lib/trueup. The config is read from /etc/trueup/trueup.toml.

# A release pins the digest as well: python:3.11.14-slim-bookworm@sha256:…
ARG PYTHON=python:3.11.14-slim-bookworm

FROM ${PYTHON} AS build
WORKDIR /build
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv tools \
    && tools/bin/pip install --no-cache-dir --require-hashes --only-binary :all: -r requirements/build.txt
# The environment that is shipped is made without pip, and filled from outside.
RUN python -m venv --without-pip /opt/trueup \
    && tools/bin/pip --python /opt/trueup/bin/python install --no-cache-dir --require-hashes --only-binary :all: -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir wheels . \
    && tools/bin/pip --python /opt/trueup/bin/python install --no-cache-dir --no-deps --no-index wheels/trueup-*.whl

FROM ${PYTHON}
LABEL org.opencontainers.image.title="trueup" \
      org.opencontainers.image.description="Proves that payments, credit ledger and entitlements agree." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0"
RUN python -m pip uninstall --yes pip setuptools wheel \
    && groupadd --gid 10001 trueup \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/trueup --no-create-home --shell /usr/sbin/nologin trueup \
    && install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/trueup
COPY --from=build /opt/trueup /opt/trueup
# Two arenas: with one per thread, memory grows with the number of threads that ever worked, and is never given back.
ENV MALLOC_ARENA_MAX=2 \
    PATH=/opt/trueup/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    TMPDIR=/tmp \
    TRUEUP_CONFIG=/etc/trueup/trueup.toml
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/trueup
EXPOSE 8321
STOPSIGNAL SIGTERM
# Asked without a proxy of the environment. It knows the port of server.bind in deploy/; override it for another.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from http.client import HTTPConnection as C; c = C('127.0.0.1', 8321, timeout=4); c.request('GET', '/healthz'); raise SystemExit(c.getresponse().status != 200)"]
ENTRYPOINT ["trueup"]
CMD ["serve"]
