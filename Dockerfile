# The gateway as an image: docker build --tag pfs-s3-gateway . (docs/install.md)
#
# A registry can move a tag. To be sure of the base, name it by its digest:
#   docker build --build-arg PYTHON=3.11.14-slim-bookworm@sha256:… .
ARG PYTHON=3.11.14-slim-bookworm

FROM python:${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1
WORKDIR /source
COPY requirements/build.txt requirements/runtime-otel.txt requirements/
RUN python -m venv /opt/build \
    && python -m venv --without-pip /opt/s3gateway \
    && /opt/build/bin/pip install --no-deps --require-hashes -r requirements/build.txt \
    && /opt/build/bin/pip --python /opt/s3gateway/bin/python install \
        --no-deps --require-hashes --only-binary :all: -r requirements/runtime-otel.txt
COPY pyproject.toml README.md LICENSE ./
COPY embedded_pfs embedded_pfs
COPY gateway gateway
COPY handlers handlers
COPY pachd_server pachd_server
COPY pfs_client pfs_client
COPY s3_wire s3_wire
COPY spec spec
RUN /opt/build/bin/python -m hatchling build -t wheel -d /wheel \
    && /opt/build/bin/pip --python /opt/s3gateway/bin/python install \
        --no-deps --no-index /wheel/*.whl

FROM python:${PYTHON}
LABEL org.opencontainers.image.title="S3 gateway for PFS" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/s3gateway /opt/s3gateway
# For the embedded PFS. Nothing else is ever written; with several workers, /tmp too.
RUN install -d -o 65532 -g 65532 -m 700 /data
# Whoever reaches the container's port may read and write everything: publish it with care.
ENV PATH=/opt/s3gateway/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    S3GATEWAY_HOST=0.0.0.0 \
    S3GATEWAY_PFS=embedded:/data \
    S3GATEWAY_PORT=30655
USER 65532:65532
WORKDIR /
VOLUME /data
EXPOSE 30655
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-m", "gateway.health_check"]
ENTRYPOINT ["s3gateway"]
