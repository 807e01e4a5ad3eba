export default async function teardown() {
  const { closeTestServers } = await import('./dist/test-servers.js');
  await closeTestServers();
}
