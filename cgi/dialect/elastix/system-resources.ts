/** `cmd=systemresources`: what `uptime` says, in three parts: time and age of the machine, who is logged in, its load. */
import { type Command, phpReply } from './command.ts';

export const systemResources: Command = {
  like: { number: 30044, right: 'settings' },
  async answer(_request, { machine, zone, now }) {
    const users = await machine.users();
    return phpReply({
      datetime: `${zone.text(now()).slice(11)} up ${ageText(machine.uptime())}`,
      users: users === null ? NO_LIST : String(users),
      usage: machine
        .load()
        .map((load) => load.toFixed(2))
        .join(', '),
    });
  },
};

const NO_LIST = 'not known: this box keeps no list of who is logged in';

/** As procps' `uptime` writes it, without the comma that stood between days and hours. Pure. @param seconds Age. */
export function ageText(seconds: number): string {
  const minutes = Math.floor(seconds / 60);
  const days = Math.floor(minutes / 1440);
  const hours = Math.floor(minutes / 60) % 24;
  const since =
    hours > 0 ? `${String(hours).padStart(2)}:${String(minutes % 60).padStart(2, '0')}` : `${minutes % 60} min`;
  return days === 0 ? since : `${days} day${days === 1 ? '' : 's'} ${since}`;
}
