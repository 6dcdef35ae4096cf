import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addressKind } from '../../src/registry/address-kind.ts';
import { blockedLiteral } from '../../src/registry/connector.ts';

const TABLE: Readonly<Record<string, readonly string[]>> = {
  public: [
    '1.1.1.1',
    '172.15.0.1',
    '172.32.0.1',
    '100.63.255.255',
    '100.128.0.1',
    '169.253.0.1',
    '223.255.255.255',
    '2606:4700::1111',
    '64:ff9b::101:101',
    '2002:101:101::',
    '::ffff:8.8.8.8',
  ],
  metadata: [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:0254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    '::ffff:0:a9fe:a9fe',
    '2001:0:1:2:3:4:5601:5601',
    '2a00::5efe:169.254.169.254',
    '2a00::200:5efe:a9fe:a9fe',
  ],
  unspecified: ['0.0.0.0', '0.1.2.3', '::', '::ffff:0.0.0.0', '64:ff9b::'],
  loopback: ['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::'],
  private: [
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '100.64.0.1',
    '100.127.255.255',
    'fc00::1',
    'fdff::1',
    'fec0::1',
    '64:ff9b:1::1',
    '::ffff:10.0.0.1',
    '2002:a00:1::',
  ],
  'link-local': ['169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1', '::ffff:169.254.1.1'],
  multicast: ['224.0.0.1', '239.1.1.1', 'ff02::1'],
  reserved: [
    '240.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    '198.18.0.1',
    '203.0.113.9',
    '2001:db8::1',
    '100::1',
    'example.com',
    '',
    '127.1',
    '1.2.3.4.5',
    'g::1',
  ],
};

describe('addresses', () => {
  test.each(Object.entries(TABLE).flatMap(([kind, all]) => all.map((address) => [address, kind] as const)))(
    '%s is %s',
    (address, kind) => {
      expect(addressKind(address)).toBe(kind);
    },
  );

  const octet = fc.integer({ min: 0, max: 255 });
  test('have the same kind in each of their IPv6 forms', () => {
    fc.assert(
      fc.property(fc.tuple(octet, octet, octet, octet), (octets) => {
        const dotted = octets.join('.');
        const hex = octets.map((part) => part.toString(16).padStart(2, '0')).join('');
        const words = `${hex.slice(0, 4)}:${hex.slice(4)}`;
        const kind = addressKind(dotted);
        for (const form of [
          `::ffff:${dotted}`,
          `::ffff:${words}`,
          `0:0:0:0:0:FFFF:${words}`,
          `64:ff9b::${dotted}`,
          `2002:${words}::1`,
        ]) {
          expect([form, addressKind(form)]).toEqual([form, kind]);
        }
      }),
    );
  });

  test.each([
    ['[::1]', false, 'loopback'],
    ['[::1]', true, undefined],
    ['10.0.0.1', true, undefined],
    ['0.0.0.0', false, 'unspecified'],
    ['[fd00:ec2::254]', true, 'metadata'],
    ['registry.example.com', false, undefined],
  ])('%s, with allowPrivate %s, is blocked as %s', (host, allowPrivate, kind) => {
    expect(blockedLiteral(host, allowPrivate)?.kind).toBe(kind);
  });
});
