FROM python:3.11.14-slim-trixie AS build
WORKDIR /build
COPY requirements-build.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-build.lock
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY pipelines pipelines
COPY enclave enclave
COPY rules rules
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11.14-slim-trixie
COPY requirements.lock requirements-templates.lock /tmp/
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock \
    && pip install --no-cache-dir --no-deps --require-hashes -r /tmp/requirements-templates.lock \
    && pip install --no-cache-dir --no-deps --no-index /tmp/wheels/*.whl \
    && rm -rf /tmp/wheels /tmp/requirements*.lock \
    && groupadd --gid 10001 narthex \
    && useradd --uid 10001 --gid narthex --no-create-home --home-dir /var/lib/narthex \
        --shell /usr/sbin/nologin narthex \
    && install -d -m 0700 -o narthex -g narthex /var/lib/narthex
# DICOM only: an empty list of peers admits nobody. The health pages have no log-in and
# stay on the container's loopback.
ENV NARTHEX_DICOM__HOST=0.0.0.0
USER narthex
WORKDIR /var/lib/narthex
VOLUME /var/lib/narthex
EXPOSE 11112
STOPSIGNAL SIGTERM
ENTRYPOINT ["narthex", "--state", "/var/lib/narthex/state"]
CMD ["serve"]
