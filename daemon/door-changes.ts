/** The listeners of HTTP, HTTPS and AMI as settings change them: together, or not at all. */
import type { AmiServer } from './ami/server.ts';
import type { Doors } from './doors.ts';
import type { HttpListeners } from './http/server.ts';
import type { Prepared } from './sockets/listeners.ts';

export function createDoors(http: Pick<HttpListeners, 'prepare' | 'renew'>, ami: Pick<AmiServer, 'prepare'>): Doors {
  return {
    renew: http.renew,
    async prepare(web, amiListen) {
      const made: Prepared[] = [];
      const takeBack = async () => void (await Promise.all(made.map((each) => each.takeBack())));
      try {
        if (web) made.push(await http.prepare(web));
        if (amiListen) made.push(await ami.prepare(amiListen));
      } catch (error) {
        await takeBack();
        throw error;
      }
      return {
        settle() {
          for (const each of made) each.settle();
        },
        takeBack,
      };
    },
  };
}
