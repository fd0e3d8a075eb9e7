/** FTP (RFC 959): the server's control port, and its source port in active transfers. */
export const FTP_PORT = 21
export const FTP_DATA_PORT = 20
