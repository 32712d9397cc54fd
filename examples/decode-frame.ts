// Decodes captured frames: what a client of Stratum V2 has said, as hexadecimal digits.
//   decode-frame.ts 00000118…
import { unhex } from '@sv2/bitcoin'
import { FrameSplitter } from '@sv2/codec'
import { current } from '@sv2/messages/current'

// a CloseChannel; the first word of the command line, where there is one
const captured = process.argv[2] ?? '0080180800000700000003627965'
const server = current.connection({ side: 'server', protocol: 'mining' })
for (const frame of new FrameSplitter({ maxPayload: 0xff_ffff }).push(unhex(captured)))
  console.log(server.decode(frame))
