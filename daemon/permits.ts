/** From where each listener may be reached: its `permit`, as the configuration or the pages say at this moment. */
import { isBoxItself, permitter } from '../storage/model/address.ts';
import { ownNetworks } from './own-networks.ts';
import type { BoxSettings } from './settings.ts';

export type Listener = 'http' | 'https' | 'ami';

export interface Permits {
  /** @param address As the socket has it. */
  permits(listener: Listener, address: string): boolean;
  /** Called when any of them has changed: who is there already may have to go. */
  onChange(listener: () => void): void;
}

export function createPermits(settings: Pick<BoxSettings, 'value' | 'onChange'>): Permits {
  const read = (listener: Listener) =>
    permitter(settings.value(`${listener}.permit`) as readonly string[], { ownNetworks });
  const readAll = () => ({ http: read('http'), https: read('https'), ami: read('ami') });
  const listeners: (() => void)[] = [];
  let all = readAll();
  settings.onChange((names) => {
    if (!names.some((name) => name.endsWith('.permit'))) return;
    all = readAll();
    for (const listener of listeners) listener();
  });
  return {
    permits: (listener, address) => isBoxItself(address) || all[listener](address),
    onChange: (listener) => void listeners.push(listener),
  };
}
