#!/bin/sh
# Sends a payment every few seconds, so that templates have transactions in them.
set -eu

cli() {
  bitcoin-cli -chain=regtest -rpcconnect=pool-node -rpcport=8332 -rpccookiefile=/rpc/.cookie -rpcwallet=demo "$@"
}

while true; do
  address=$(cli getnewaddress)
  # fails while all coins are unconfirmed; the next block brings them back
  if cli -named sendtoaddress address="$address" amount=0.01 fee_rate=2; then touch /tmp/sent; fi
  sleep "${TRAFFIC_SECONDS:-5}"
done
