#!/bin/sh
# A regtest chain begins with nothing: makes a wallet, and the blocks after which its first coins can be spent.
set -eu

cli() {
  bitcoin-cli -chain=regtest -rpcconnect=pool-node -rpcport=8332 -rpccookiefile=/rpc/.cookie "$@"
}

cli listwallets | grep -q '"demo"' || cli loadwallet demo || cli -named createwallet wallet_name=demo load_on_startup=true
blocks=$((110 - $(cli getblockcount)))
# at least one, so that the newest block is never old
[ "$blocks" -ge 1 ] || blocks=1
address=$(cli -rpcwallet=demo getnewaddress)
cli generatetoaddress "$blocks" "$address"
