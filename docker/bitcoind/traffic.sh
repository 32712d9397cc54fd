#!/bin/sh
# Sends a payment every few seconds, so that templates have transactions in them. Goes on whatever the node says.
set -eu

cli() {
  bitcoin-cli -chain=regtest -rpcconnect=pool-node -rpcport=8332 -rpccookiefile=/rpc/.cookie "$@"
}

pay() {
  # a node that was started again may have loaded no wallet
  cli listwallets | grep -q '"demo"' || cli loadwallet demo || return 1
  address=$(cli -rpcwallet=demo getnewaddress) || return 1
  # fails while all coins are unconfirmed; the next block brings them back
  cli -rpcwallet=demo -named sendtoaddress address="$address" amount=0.01 fee_rate=2
}

while true; do
  if pay; then touch "${TRAFFIC_SENT:-/tmp/sent}"; fi
  sleep "${TRAFFIC_SECONDS:-5}"
done
