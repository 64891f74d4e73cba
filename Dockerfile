FROM python:3.13-slim
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock
COPY alerts alerts
COPY templates templates
COPY subscribers.yaml ./
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --system --home-dir /state --create-home alerts
USER alerts
WORKDIR /state
VOLUME /state
ENV PORT=8000
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["alerts", "run"]
