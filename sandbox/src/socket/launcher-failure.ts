/** The launcher cannot be reached, or cannot make places. What was running in it is lost; it may work again later. */
export class LauncherFailure extends Error {
  override readonly name = 'LauncherFailure';
}
