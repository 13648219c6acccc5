# docker build -t benchfmt . && docker run --rm -v "$PWD:/data:ro" benchfmt validate .
# docker run --rm -p 127.0.0.1:8000:8000 benchfmt serve --host 0.0.0.0
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src ./src
COPY schema ./schema
RUN python -m venv /opt/benchfmt \
    && /opt/benchfmt/bin/pip install --no-cache-dir --disable-pip-version-check --constraint constraints.txt '.[report,serve,sheets]'

FROM python:3.13-slim-bookworm
COPY --from=build /opt/benchfmt /opt/benchfmt
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin benchfmt
ENV PATH=/opt/benchfmt/bin:$PATH PYTHONDONTWRITEBYTECODE=1
USER 10001
WORKDIR /data
EXPOSE 8000
ENTRYPOINT ["benchfmt"]
CMD ["--help"]
