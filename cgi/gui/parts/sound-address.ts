/** Where the sound of a recording is. @param path As 20053 gives it. @param save It shall be saved, not played. */
export function soundAddress(path: string, save = false): string {
  const address = `/recordings/${path.split('/').map(encodeURIComponent).join('/')}`;
  return save ? `${address}?download=1` : address;
}
