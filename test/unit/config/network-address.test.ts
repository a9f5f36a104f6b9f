import {expect, test} from 'vitest'
import {parseHostPort, parseIpOrNetwork} from '../../../src/lib/config/network-address.ts'

test.each<[string, string, number]>([
  ['example.net:8888', 'example.net', 8888],
  [':9811', '', 9811],
  ['192.0.2.1:0', '192.0.2.1', 0],
  ['[::1]:22', '::1', 22],
  ['[]:1', '', 1],
  ['a:65535', 'a', 65535],
])('%s is an address', (text, host, port) => {
  expect(parseHostPort(text)).toEqual({host, port})
})

test.each([
  '',
  'a',
  'a:',
  ':',
  'a:b',
  '::1:22',
  '[::1]',
  '[::1',
  'a]:1',
  'a:1:2',
  'a:65536',
  'a:123456',
  'a: 1',
])('%j is no address', (text) => {
  expect(() => parseHostPort(text)).toThrow(/^bad address/)
})

test.each<[string, 'address' | 'network']>([
  ['192.168.0.1', 'address'],
  ['0.0.0.0', 'address'],
  ['255.255.255.255', 'address'],
  ['::', 'address'],
  ['::1', 'address'],
  ['1::', 'address'],
  ['1:2:3:4:5:6:7:8', 'address'],
  ['1:2:3:4:5:6:1.2.3.4', 'address'],
  ['::ffff:10.1.2.3', 'address'],
  ['FE80::a%eth0', 'address'],
  ['10.0.0.0/8', 'network'],
  ['10.0.0.0/0', 'network'],
  ['1.2.3.4/32', 'network'],
  ['2001:db8::/32', 'network'],
  ['::/128', 'network'],
])('%s is an %s', (text, kind) => {
  expect(parseIpOrNetwork(text)).toBe(kind)
})

test.each([
  '',
  'localhost',
  '1.2.3',
  '1.2.3.4.5',
  '256.1.1.1',
  '01.2.3.4',
  '1.2.3.4%eth0',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/a',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '1::2::3',
  '1:2:3:4::5:6:7:8',
  '12345::',
  'g::',
  '1.2.3.4::',
  '::/129',
  'fe80::1%eth0/64',
  'fe80::1%',
  ':::',
])('%j is no client', (text) => {
  expect(() => parseIpOrNetwork(text)).toThrow(/^bad client/)
})
