import { it } from '@jest/globals';
import { createClient } from 'redis';
import { Fixture } from './fixture.js';
import { TcpProxy } from './tcp-proxy.js';
it('x', async () => {
  const fixture = await Fixture.start();
  const proxy = await TcpProxy.start(fixture.emulator.redis.port);
  const log=(s: unknown)=>process.stdout.write(String(s)+'\n');
  for (const mode of ['ours','plain']) {
  const provider = mode==='ours'? fixture.provider(): { type:'async-credentials-provider' as const, credentials: async()=>({username: fixture.emulator.identity.objectId, password: fixture.token()})};
  const client = createClient({socket:{host:'127.0.0.1',port:proxy.port,reconnectStrategy:20},credentialsProvider:provider as never});
  client.on('error',e=>log('error '+e.message)); client.on('ready',()=>log('ready'));
  await client.connect();
  const a = `127.0.0.1:${fixture.emulator.redis.port}`;
  proxy.send(`>4\r\n$6\r\nMOVING\r\n:1\r\n:1\r\n$${a.length}\r\n${a}\r\n`);
  await new Promise(r=>setTimeout(r,300));
  log(mode+' after move '+await client.ping());
  fixture.gate.killAll();
  await new Promise(r=>setTimeout(r,300));
  log(mode+' after drop '+await Promise.race([client.ping().catch(e=>e.message), new Promise(r=>setTimeout(()=>r('HANGS'),1500))]));
  client.destroy();
  }
  await proxy.close(); await fixture.close();
}, 20000);
