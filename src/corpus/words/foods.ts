/** Foods: name | m (a mass or a single dish: "it was") or p (plural: "they were"). */
export interface Food {
  readonly name: string
  readonly isPlural: boolean
}

const list = (text: string): readonly Food[] =>
  text
    .trim()
    .split(/\s*\|\s*/)
    .map((entry) => ({ name: entry.slice(2), isPlural: entry[0] === 'p' }))

/** What a family eats together. */
export const MEALS = list(`
  m vegetable soup|m tomato soup|m chicken soup|p pancakes|p sandwiches|m pasta|m pizza|m apple pie|m fresh bread|p noodles|
  p potatoes|m rice|p fish sticks|p cheese rolls|m corn soup|m warm porridge|p dumplings|p meatballs|m fruit salad|
  p scrambled eggs|m pumpkin soup|p waffles|m mashed potato|m spaghetti|p baked beans|m stew`)

/** Sweet or small things to share. */
export const SNACKS = list(`
  p cookies|m chocolate cake|p apples|p strawberries|p cherries|p grapes|m ice cream|p muffins|p cupcakes|p oranges|p pears|
  p bananas|m popcorn|p nuts|p raisins|m watermelon|p plums|p peaches|p blueberries|m honey cake|p crackers|p candies|
  p carrots|m lemon cake|p cinnamon rolls|p donuts|m banana bread|p raspberries|m carrot cake|p cheese cubes|m pudding`)

/** What can be baked in a kitchen. */
export const BAKED = list(`
  p cookies|m a chocolate cake|p muffins|p cupcakes|m an apple pie|m bread|m a lemon cake|p cinnamon rolls|m a carrot cake|
  m a cherry pie|m banana bread|m a honey cake|p gingerbread men|m a birthday cake|p waffles|m a berry pie|p pancakes|
  m a pizza|p oatmeal cookies|m a pumpkin pie|m a plum cake|p scones`)

/** What grows in a garden. */
export const CROPS = list(`
  p tomatoes|p carrots|p beans|p strawberries|p pumpkins|p sunflowers|p peas|p potatoes|p radishes|p cucumbers|p tulips|p roses|
  p daisies|p onions|p melons|p peppers|p cabbages|p poppies|p lettuces|p corn plants`)
