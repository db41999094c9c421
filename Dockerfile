FROM swift:6.1-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
    libopenblas-dev libpng-dev zlib1g-dev libturbojpeg0-dev libssl-dev libarchive-dev pkg-config && rm -rf /var/lib/apt/lists/*
WORKDIR /bezoar
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --product bezoar --static-swift-stdlib \
    && install -D .build/release/bezoar /out/bezoar

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
    libopenblas0-pthread libpng16-16 zlib1g libturbojpeg0 libssl3 libarchive13 && rm -rf /var/lib/apt/lists/*
COPY --from=build /out/bezoar /usr/local/bin/bezoar
COPY .ci/audit /usr/local/bin/bezoar-audit
USER nobody
WORKDIR /work
ENTRYPOINT ["bezoar"]
