/** FTP (RFC 959): where a client asks, and where data of an active transfer comes from. */
export const FTP_PORT = 21
export const FTP_DATA_PORT = 20
