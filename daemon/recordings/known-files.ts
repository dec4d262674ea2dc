/**
 * The files of one folder as the index knows them: name, size and time, and whether the listing under way has seen them.
 * A busy box has ten thousand in today's folder and lists them every two seconds. So the numbers stand in arrays, where they
 * take 20 bytes a file and no object, and a listing marks what it sees instead of making a set of all names. Pure.
 */

export interface KnownFiles {
  readonly size: number;
  has(name: string): boolean;
  /** @param size Bytes. @param mtimeMs Whole milliseconds since 1970. */
  set(name: string, size: number, mtimeMs: number): void;
  isSame(name: string, size: number, mtimeMs: number): boolean;
  delete(name: string): void;
  /** From now on no file has been seen. */
  beginListing(): void;
  /** The listing has come by this name. @returns whether it is known. */
  see(name: string): boolean;
  isSeen(name: string): boolean;
  /** Those that the listing has not seen; they may be deleted meanwhile. */
  unseen(): IterableIterator<string>;
}

/** Files that there is room for at first. */
const ROOM = 64;

export function createKnownFiles(): KnownFiles {
  /** Name → its place in the arrays. */
  const places = new Map<string, number>();
  /** Places of files that have gone. */
  const free: number[] = [];
  let sizes = new Float64Array(ROOM);
  let times = new Float64Array(ROOM);
  /** Number of the listing that saw it last. */
  let listings = new Uint32Array(ROOM);
  let listing = 1;

  function newPlace(): number {
    const place = free.pop() ?? places.size;
    if (place === sizes.length) {
      const room = Math.ceil(place * 1.5);
      sizes = grown(sizes, new Float64Array(room));
      times = grown(times, new Float64Array(room));
      listings = grown(listings, new Uint32Array(room));
    }
    return place;
  }

  return {
    get size() {
      return places.size;
    },
    has: (name) => places.has(name),
    set(name, size, mtimeMs) {
      let place = places.get(name);
      if (place === undefined) {
        place = newPlace();
        places.set(name, place);
        listings[place] = 0;
      }
      sizes[place] = size;
      times[place] = mtimeMs;
    },
    isSame(name, size, mtimeMs) {
      const place = places.get(name);
      return place !== undefined && sizes[place] === size && times[place] === mtimeMs;
    },
    delete(name) {
      const place = places.get(name);
      if (place === undefined) return;
      places.delete(name);
      free.push(place);
    },
    beginListing: () => void listing++,
    see(name) {
      const place = places.get(name);
      if (place === undefined) return false;
      listings[place] = listing;
      return true;
    },
    isSeen: (name) => listings[places.get(name) ?? -1] === listing,
    *unseen() {
      for (const [name, place] of places) if (listings[place] !== listing) yield name;
    },
  };
}

function grown<Numbers extends Float64Array | Uint32Array>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
