/* `uvs/sim`: a network in memory and virtual time, to put a director in. docs/library.md */
export { cables, type Cable, type CableOptions } from '../../native-free/cables.js'
export { CaptureDevice, type CaptureDeviceOptions } from '../../native-free/capture-device.js'
export { ethernetFrame, frameFields, FrameEnd } from '../../native-free/frame-end.js'
export { HttpLoad, type HttpLoadOptions } from '../../native-free/http-load.js'
export { HttpServer } from '../../native-free/http-server.js'
export { MemoryDevice, type MemoryDeviceOptions } from '../../native-free/memory-device.js'
export { Network, type Station } from '../../native-free/network.js'
export { RecordingDevice, type RecordingOptions } from '../../native-free/recording-device.js'
export { typedPacket, TypedPacketError } from '../../native-free/replay/typed-packet.js'
export { Switch } from '../../native-free/switch.js'
export type { TcpConnection, TcpHandler } from '../../native-free/tcp-connection.js'
export { TcpEndpoint } from '../../native-free/tcp-endpoint.js'
export {
  VirtualHost,
  type Datagram,
  type HostErrors,
  type HostOptions,
  type Transport,
} from '../../native-free/virtual-host.js'
