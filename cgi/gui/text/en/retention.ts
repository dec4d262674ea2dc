/** Texts of the page. */
export const retention = {
  soon: 'This page is being built.',
};
