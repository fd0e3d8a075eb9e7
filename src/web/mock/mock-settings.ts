const SYSCTLS: [string, string][] = [
  ['am_droprate', '10'],
  ['backup_only', '0'],
  ['conn_reuse_mode', '1'],
  ['drop_entry', '0'],
  ['drop_packet', '0'],
  ['expire_nodest_conn', '0'],
  ['expire_quiescent_template', '0'],
  ['nat_icmp_send', '0'],
  ['sloppy_tcp', '0'],
]

/** Of a director beside the kernel with a keepalived.conf. What may not become markup is in it. */
export const SETTINGS = {
  options: ['--raw eth0,eth1', '--keepalived /etc/keepalived/keepalived.conf', '--http 9100', '--workers 2'],
  interfaces: [
    { name: 'eth0', kind: 'raw', isBesideKernel: true, mac: '02:00:00:00:00:01', mtu: 1500 },
    { name: 'eth1', kind: 'raw', isBesideKernel: false, mac: '02:00:00:00:00:02', mtu: 9000 },
  ],
  addresses: ['10.0.0.1/24@eth1'],
  routes: ['default=10.0.0.254'],
  neighbours: [],
  changes: ['add-route to 172.16.0.0/12 gateway 10.0.0.253'],
  network: {
    addresses: [{ cidr: '192.0.2.10/24', link: 'eth0' }],
    routes: {
      rows: [
        { to: '0.0.0.0/0', gateway: '192.0.2.1', link: 'eth0', mtu: 1500, isKernels: true },
        { to: '10.66.0.0/16', deadEnd: 'blackhole', isKernels: true },
      ],
      more: 0,
    },
    neighbours: {
      rows: [{ address: '192.0.2.1', link: 'eth0', mac: '02:00:00:00:00:fe', state: 'reachable' }],
      more: 0,
    },
  },
  keepalived: {
    files: [
      {
        name: '/etc/keepalived/keepalived.conf',
        text: 'vrrp_instance <script>globalThis.hit=1</script> {\n  authentication {\n    auth_type PASS\n    auth_pass …\n  }\n}',
      },
    ],
    warnings: ["keepalived.conf:7: warning: Unknown keyword '<b>'"],
  },
  timeouts: { tcp: 900, tcpfin: 120, udp: 300 },
  sysctls: SYSCTLS,
}
