/** What the system refuses, in words that tell a technician what to change; Node's own name only its calls and codes. */

type SystemError = NodeJS.ErrnoException & { address?: string; port?: number; hostname?: string };

/** The error with a message of ours and its code where we have a better one, otherwise as it is. */
export function explained(error: SystemError): SystemError {
  const message = reason(error);
  return message === null ? error : Object.assign(new Error(`${message} (${error.code})`), { code: error.code });
}

function reason({ code, syscall, address = '', port, hostname, path }: SystemError): string | null {
  const host = address.includes(':') ? `[${address}]` : address;
  switch (`${syscall} ${code}`) {
    case 'listen EADDRINUSE':
      return `another program listens on ${host}:${port} already`;
    case 'listen EADDRNOTAVAIL':
      return `${address} is not an address of this machine: can't listen there`;
    case 'listen EACCES':
      return `no right to listen on ${host}:${port}: ports under 1024 need root or CAP_NET_BIND_SERVICE`;
    case 'getaddrinfo ENOTFOUND':
    case 'getaddrinfo EAI_AGAIN':
      return `no address is known for the host ${hostname}: can't listen there`;
    case 'connect EACCES':
      return `only root and the user that cdrd runs as may use ${address}`;
    case 'mkdir EEXIST':
      return `${path} is not a folder`;
    default:
      return null;
  }
}
