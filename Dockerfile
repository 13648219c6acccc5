# docker build -t benchfmt . && docker run --rm -v "$PWD:/data:ro" benchfmt validate .
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
COPY schema ./schema
RUN python -m venv /opt/benchfmt \
    && /opt/benchfmt/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt '.[report,sheets]'

FROM python:3.13-slim-bookworm
COPY --from=build /opt/benchfmt /opt/benchfmt
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin benchfmt
ENV PATH=/opt/benchfmt/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
ENTRYPOINT ["benchfmt"]
CMD ["--help"]
