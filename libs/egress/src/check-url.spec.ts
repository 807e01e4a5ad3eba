import { describe, expect, it } from '@jest/globals';
import { checkCustomerUrl, checkGivenUrl } from './check-url.js';

const http = { allowHttp: true };

describe('checkCustomerUrl', () => {
  it.each([
    // The same loopback or private address in every spelling that a URL knows.
    'http://127.0.0.1/',
    'http://127.1/',
    'http://127.0.1/',
    'http://2130706433/',
    'http://0x7f000001/',
    'http://0x7f.0x0.0x0.0x1/',
    'http://017700000001/',
    'http://0177.0.0.1/',
    'http://0x7F.1/',
    'http://127.0.0.1./',
    'http://127.000.000.001/',
    'http://%31%32%37.0.0.1/',
    'http://１２７.０.０.１/',
    'http://①②⑦.⓪.⓪.①/',
    'http://127。0。0。1/',
    'http:127.0.0.1/',
    'http:\\\\127.0.0.1/',
    'http:///127.0.0.1/',
    ' http://127.0.0.1/ ',
    'ht\ntp://127.0.0.1/',
    'http://0/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::1]/',
    'http://[0:0:0:0:0:0:0:1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://[::127.0.0.1]/',
    'http://[64:ff9b::127.0.0.1]/',
    'http://[2002:7f00:1::]/',
    'http://[fc00::1]/',
    'http://[fe80::1]/',
    'http://[fd00:ec2::254]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://168.63.129.16/',
    'http://100.100.100.200/',
    'http://10.0.0.1/',
    'http://167772161/',
    'http://172.16.0.1/',
    'http://192.168.0.1/',
    'http://3232235777/',
    'http://100.64.0.1/',
    'http://255.255.255.255/',
    'http://224.0.0.1/',
    'http://localhost/',
    'http://LOCALHOST/',
    'http://localhost./',
    'http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/',
    'http://a.localhost/',
    'https://127.0.0.1:8443/',
  ])('refuses the address in %j', (url) => {
    expect(() => checkCustomerUrl(url, http)).toThrow(expect.objectContaining({ reason: 'address' }));
  });

  it.each([
    'http://[fe80::1%25eth0]/',
    'http://[fe80::1%eth0]/',
    'http://[::1/',
    'http://256.256.256.256/',
    'http://4294967296/',
    'http://1.2.3.4.5/',
    'http://exa mple.com/',
    'http://exam\0ple.com/',
    'http://',
    'http://:80/',
    'http://example.com:99999/',
    '//example.com/',
    'example.com',
    '/hook',
    '',
  ])('refuses %j, which is no URL', (url) => {
    expect(() => checkCustomerUrl(url, http)).toThrow(expect.objectContaining({ reason: 'url' }));
  });

  it.each([
    'ftp://example.com/',
    'file:///etc/passwd',
    'gopher://example.com:80/_GET',
    'dict://example.com:80/',
    'ldap://example.com/',
    'jar:http://example.com!/',
    'data:text/html,x',
    'javascript:alert(1)',
    'ws://example.com/',
    'unix:/var/run/docker.sock',
    'httpss://example.com/',
    'localhost:80',
  ])('refuses the scheme of %s', (url) => {
    expect(() => checkCustomerUrl(url, http)).toThrow(expect.objectContaining({ reason: 'scheme' }));
  });

  it.each([
    'http://user@example.com/',
    'http://user:password@example.com/',
    'http://:password@example.com/',
    'http://example.com@127.0.0.1/',
  ])('refuses the credentials in %s', (url) => {
    expect(() => checkCustomerUrl(url, http)).toThrow(expect.objectContaining({ reason: 'credentials' }));
  });

  it.each([22, 25, 4222, 5432, 6379, 0, 65_535])('refuses port %d, also with loopback allowed', (port) => {
    for (const allowLoopback of [false, true]) {
      const check = () => checkCustomerUrl(`http://example.com:${port}/`, { ...http, allowLoopback });
      expect(check).toThrow('The URL must use one of the ports 80, 443, 8080, 8443.');
    }
  });

  it('refuses plain http unless it is allowed', () => {
    expect(() => checkCustomerUrl('http://example.com/')).toThrow('The URL must begin with https://.');
    expect(checkCustomerUrl('http://example.com/', http).hostname).toBe('example.com');
  });

  // What looks like another host in these is a path, a query or a part of a public name: the request goes where `host` says.
  it.each([
    ['https://example.com/', 'example.com'],
    ['https://example.com./', 'example.com.'],
    ['https://example.com:8443/hook', 'example.com'],
    ['https://93.184.216.34/', '93.184.216.34'],
    ['https://[2606:4700::1111]/', '[2606:4700::1111]'],
    ['https://example.com\\@127.0.0.1/', 'example.com'],
    ['https://example.com#@127.0.0.1/', 'example.com'],
    ['https://example.com?@127.0.0.1/', 'example.com'],
    ['https://example.com/@127.0.0.1', 'example.com'],
    ['https://127.0.0.1.example.com/', '127.0.0.1.example.com'],
    ['https://localhost.example.com/', 'localhost.example.com'],
    ['https://notlocalhost/', 'notlocalhost'],
    ['https://bücher.example/', 'xn--bcher-kva.example'],
    ['https://gооgle.com/', 'xn--ggle-55da.com'],
  ])('takes %s, which goes to %s', (url, host) => {
    expect(checkCustomerUrl(url).hostname).toBe(host);
  });

  it('takes loopback where it is allowed, on any port, and nothing else that is not public', () => {
    for (const host of ['127.0.0.1', '127.1', '[::1]', 'localhost', 'a.localhost']) {
      expect(checkCustomerUrl(`http://${host}:4999/`, { ...http, allowLoopback: true }).port).toBe('4999');
    }
    for (const host of ['10.0.0.1', '0.0.0.0', '[::]', '169.254.169.254', '[::ffff:127.0.0.1]']) {
      const check = () => checkCustomerUrl(`http://${host}/`, { ...http, allowLoopback: true });
      expect(check).toThrow(expect.objectContaining({ reason: 'address' }));
    }
  });
});

describe('checkGivenUrl', () => {
  it.each([
    '\nhttps://example.com/',
    'https://example.com/\n',
    'https://example.com/a\r\nb',
    'https://exam\tple.com/',
    ' https://example.com/',
    'https://example.com/ ',
    'https://example.com/a b',
    'https://example.com/\0',
    'https://example.com/\u007f',
    'https://example.com/\u0085',
    'https://example.com/\u00a0',
    'https://example.com/\u2028',
    '\ufeffhttps://example.com/',
  ])('refuses %j, of which the parser would make another text', (url) => {
    expect(() => checkGivenUrl(url)).toThrow(expect.objectContaining({ reason: 'url' }));
  });

  it('takes what checkCustomerUrl takes, and refuses what that refuses', () => {
    expect(checkGivenUrl('https://bücher.example/%20?q=%0A').href).toBe('https://xn--bcher-kva.example/%20?q=%0A');
    expect(() => checkGivenUrl('http://10.0.0.1/', http)).toThrow(expect.objectContaining({ reason: 'address' }));
  });
});
