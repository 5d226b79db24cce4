/** Names and what people are called. */

const words = (text: string): readonly string[] => text.trim().split(/\s+/)

export const GIRLS = words(`
  Lily Mia Anna Sue Amy Lucy Emma Sara Molly Ella Zoe Ruby Rose Daisy Grace Alice Nora Clara Eva Ivy Jane Kate Leah Maya
  Nina Olivia Penny Rosie Sophie Tara Una Violet Wendy Abby Bella Chloe Dora Elsie Fiona Gina Hannah Iris Julia Katie
  Lena Maria Nelly Opal Polly Rita Sally Tilly Vera Willa Ada Betsy Cora Della Edith Flora Gwen Hazel Irene Josie Kira
  Lola Mabel Naomi Olga Pia Rachel Sandy Tessa Uma Vicky Yara Zara Aria Beth Carla Diana Elena Freya Greta Heidi Isla
  Jenny Kelly Laura Mona Nadia Paula Rhea Stella Tina Ursula Vivian Wanda Amber Carrie Donna Emily Gloria Helen
  Jasmine Lisa Marta Nancy Pearl Robin Susie Thea Ellie Maggie Millie Annie Dolly Joy June Kim Liz`)

export const BOYS = words(`
  Tom Ben Tim Max Sam Jack Leo Jake Finn Noah Dan Billy Bobby Charlie David Eddie Fred George Harry Ian Jim Kevin Luke
  Mark Nick Oliver Peter Quinn Ryan Simon Toby Victor Will Adam Alex Andy Barry Caleb Carl Danny Dean Eli Ethan Felix
  Frank Gus Henry Hugo Isaac Ivan Jay Joel John Kyle Lars Liam Louis Mason Matt Miles Nate Ned Oscar Otto Owen Paul
  Pete Ralph Ray Rob Rory Roy Sean Seth Stan Steve Ted Theo Tony Tyler Walter Wes Zack Aaron Albert Arthur Bruno Colin
  Dylan Emil Evan Gary Glen Greg Jason Jasper Joey Johnny Josh Ken Lenny Logan Marco Martin Milo Neil Omar Patrick Philip
  Ricky Russell Scott Timmy Tommy Troy Vince Wyatt Rusty Ollie`)

/** Names that animals of the stories have, for either sex. */
export const FEMALE_PETS = words(`
  Bubbles Cleo Clover Coco Cookie Dot Fifi Flossie Goldie Honey Lulu Mimi Mitzi Nutmeg Patches Peaches Pippa Poppy
  Snowy Sunny Tulip Velvet Willow Winnie Fluffy Ginger Holly Berry Olive Pixie Bonnie Trixie Dixie Minnie Luna Nala`)
export const MALE_PETS = words(`
  Bandit Barney Benny Biscuit Boots Bruno Buddy Bumble Buster Chester Chip Duke Fuzzy Gizmo Grumbles Hopper Jumbo Max
  Nibbles Oscar Paws Pip Pepper Rocky Rolo Rufus Scamper Scout Smokey Spike Spot Sparky Teddy Thumper Toby Waffles Ziggy
  Zippy Murphy Monty Freddy Dusty Casper Bertie`)

export const FAMILY_NAMES = words(`
  Green Brown White Black Hill Wood Field Baker Cook Potter Miller Carter Mason Parker Fisher Bell Lane Moss Reed Park
  Rivers Brook Stone Winter Summers Day Bird Finch Swan Rose Gray Lake`)

/** People met on the way: what they are called and their sex. */
/** … anywhere. */
export const STRANGERS: readonly (readonly [noun: string, sex: 'm' | 'f'])[] = [
  ['old man', 'm'],
  ['old woman', 'f'],
  ['kind lady', 'f'],
  ['friendly farmer', 'm'],
  ['tall man', 'm'],
  ['young woman', 'f'],
  ['fisherman', 'm'],
  ['quiet painter', 'f'],
  ['old shepherd', 'm'],
  ['ranger', 'f'],
  ['young man', 'm'],
  ['hiker', 'm'],
]

/** … in a town, too. */
export const TOWNSPEOPLE: typeof STRANGERS = [
  ...STRANGERS,
  ['mailman', 'm'],
  ['baker', 'm'],
  ['gardener', 'm'],
  ['shopkeeper', 'f'],
  ['nice neighbor', 'f'],
  ['police officer', 'm'],
  ['bus driver', 'f'],
  ['jolly sailor', 'm'],
  ['firefighter', 'f'],
  ['librarian', 'f'],
  ['milkman', 'm'],
  ['flower seller', 'f'],
  ['park keeper', 'm'],
]

/** Who stands behind the counter of a shop. */
export const SELLERS: typeof STRANGERS = [
  ['shopkeeper', 'f'],
  ['shopkeeper', 'm'],
  ['old man', 'm'],
  ['old woman', 'f'],
  ['young woman', 'f'],
  ['tall man', 'm'],
  ['friendly lady', 'f'],
]

/** Traits of somebody in a story, said before the noun. */
export const TRAITS = words(`
  kind curious cheerful brave clever gentle playful friendly polite happy lively funny helpful careful honest bright
  quick thoughtful sweet bold merry patient busy dreamy`)

export const SIZES_OF_BEINGS = words('little little little small young tiny')

/** What children like to do. */
export const CHILD_ACTS = `
  play in the garden|read books|draw pictures|paint with bright colors|ride a bike|climb trees|sing songs|dance in the kitchen|
  look at the stars|collect shiny stones|play hide and seek|build tall towers|jump over puddles|run in the grass|swim in the lake|
  watch the birds|feed the ducks|help in the kitchen|listen to stories|play with blocks|pick wild flowers|fly kites|
  make paper boats|play the drum|dig in the sand|catch falling leaves|count the clouds|ask questions|tell jokes|play ball|
  swing on the swings|make up silly rhymes|visit the farm|learn new things|look for bugs|skip rope|play outside|
  bake cookies|explore the woods|pretend to be a pirate|blow soap bubbles|write little stories|play with toy trains`

/** What animals like to do. */
export const ANIMAL_ACTS = `
  play in the sun|run through the grass|explore the woods|look for tasty berries|nap under a tree|chase butterflies|
  listen to the wind|roll down the hill|sing to the moon|tell funny stories|play hide and seek|splash in puddles|
  collect shiny stones|visit friends|dig little holes|watch the clouds|smell the flowers|look at the stars|play tag|
  jump over logs|dance in the rain|swim in the stream|hide in the tall grass|learn new things|make new friends|
  sit by the river|gather nuts and leaves|race with the wind`

/** Where people of the stories live. */
export const CHILD_HOMES = `
  a small village|a little town|a big city|a quiet town by the sea|a yellow house on a hill|a little house near the woods|
  a tall house with a red door|a small house by the river|a farmhouse with a green roof|a cozy cottage|a white house with a big garden|
  a village at the foot of a mountain|a noisy, busy town|a little blue house|a town with a big clock|a house next to a park`

export const ANIMAL_HOMES = `
  a green forest|a deep, quiet forest|a sunny meadow|a cozy hole under an old oak tree|a valley full of flowers|a big forest|
  a little wood near a stream|a warm nest of leaves|a quiet corner of the woods|a hollow log|a grassy field|
  a forest at the foot of a mountain|a small cave in the hills|a thick bush by the river`
