/**
 * Places: name | preposition | tags | spots where something may lie (by ;). Tags: out, in (a building), home, water, trees,
 * play (children play there), open (room to run, wind), town, wild, learn (school and the like), shop, walk (one walks there).
 */
export interface Place {
  readonly name: string
  readonly at: string
  readonly tags: readonly string[]
  readonly spots: readonly string[]
}

const ROWS = `
the park|in|out play open trees walk|under a bench;behind the big oak tree;next to the swings;in the tall grass
the playground|at|out play walk|under the slide;behind the swings;in the sandbox;near the gate
the garden|in|out play home trees|behind the rose bush;under a big leaf;next to the shed;between the flowers
the back yard|in|out play home|under the old chair;behind the shed;next to the fence;in the tall grass
the forest|in|out trees wild walk|under a bush;behind a fallen log;between the roots of a tree;in a pile of leaves
the woods|in|out trees wild walk|behind a mossy rock;under a fern;next to a tree stump;in a hollow tree
the beach|at|out play water open walk|under a beach chair;behind a rock;half buried in the sand;next to a sand castle
the meadow|in|out open wild walk|in the tall grass;under a daisy;behind a round stone;next to the path
the farm|on|out play walk|behind the barn;under the wagon;in the hay;next to the pig pen
the hill|on|out open play walk|behind a bush;next to a flat stone;in the clover;under the only tree
the lake|at|out water trees walk|between the reeds;under the little bridge;behind a rock;on the wooden dock
the river|at|out water trees wild walk|between two stones;under the bridge;in the reeds;next to the path
the pond|at|out water walk|between the reeds;behind the bench;under a willow tree;next to a lily pad
the market|at|out town shop walk|under a table;behind a basket of apples;next to the fish stand;between two boxes
the zoo|at|out town walk|next to the monkey house;under a bench;behind the ticket stand;near the elephants
the schoolyard|in|out play learn|under the basketball hoop;behind the wall;next to the gate;under a tree
the village square|in|out town walk|beside the fountain;under a bench;behind the statue;on the church steps
the orchard|in|out trees walk|under an apple tree;behind a ladder;in a basket;between the roots
the field|in|out open wild walk|in the tall grass;behind the scarecrow;next to the fence;under a hay bale
the campsite|at|out trees wild|behind the tent;next to the fire;under a log;in the bushes
the living room|in|in home play|under the sofa;behind the curtain;under a cushion;behind the bookcase
the kitchen|in|in home|under the table;behind the fridge;in a drawer;on top of the cupboard
the bedroom|in|in home play|under the bed;behind the door;in the closet;under the pillow
the attic|in|in home|in an old chest;behind a broken chair;under a dusty sheet;in a wooden box
the basement|in|in home|behind the stairs;under a pile of boxes;next to the washing machine;in a dark corner
the hallway|in|in home play|under the coat rack;behind the umbrella stand;in a boot;under the rug
the library|in|in town learn walk|behind a row of books;under a table;between two big books;on a chair
the classroom|in|in learn|under a desk;behind the bookshelf;in the toy corner;next to the blackboard
the toy shop|in|in town shop walk|on the top shelf;behind the counter;under a table;next to the window
the bakery|in|in town shop walk|under the counter;beside the oven;next to the door;behind a bag of flour
the barn|in|in wild play|under the hay;behind a bucket;in the horse's box;next to the ladder
the museum|in|in town learn walk|under a bench;behind a statue;next to the door;beside the old ship
the train station|at|out town walk|under a seat;beside the ticket window;next to the stairs;behind a big bag
the harbor|at|out water town walk|behind a pile of nets;under an old boat;next to a barrel;on the dock
the tree house|in|out trees play home|in a corner;under a blanket;behind the rope;in a wooden box
the greenhouse|in|in home trees|behind a pot;under a table;between two plants;next to the door
the street|on|out town play|under a parked car;beside the mailbox;next to a lamp post;behind a hedge
the valley|in|out open wild walk|behind a big stone;in the clover;next to the stream;under a bush
the mountain|on|out open wild walk|behind a rock;next to the path;under a pine tree;in a small cave
the jungle|in|out trees wild|under a giant leaf;behind a vine;between two roots;next to a waterfall
the swimming pool|at|out water town|under a towel;behind a chair;next to the ladder;near the showers
the vegetable patch|in|out home|behind the cabbages;under a pumpkin leaf;between the carrots;next to the beans
the bus stop|at|out town walk|under the bench;behind the sign;next to the wall;in a bush
the ice rink|at|out town play|under a bench;next to the gate;behind a bag;near the stairs
the fair|at|out town open walk|behind the ticket stand;under a table;next to the merry-go-round;beside the popcorn stand
the circus|at|out town walk|behind the tent;under a seat;next to the drum;beside a wagon
the castle ruins|at|out wild walk|behind a broken wall;under a stone step;in a dark corner;next to the old gate
the lighthouse|at|out water walk|behind the door;on the stairs;next to a barrel;under a window
the windmill|at|out open walk|behind a sack;next to the door;under the steps;in the grass
the stream|at|out water wild walk|between two stones;under a fern;behind a log;in the moss
the island|on|out water wild open|under a palm tree;behind a rock;half buried in the sand;in a small cave
the bridge|on|out water walk|next to the railing;under a plank;behind a post;near the steps
the cave|in|in wild|behind a rock;in a dark corner;under a flat stone;next to the wall
the flower shop|in|in town shop walk|behind a pot of roses;under the counter;next to the door;in a bucket
the post office|in|in town walk|under the counter;next to the mailbox;on a chair;behind the door
the book shop|in|in town shop learn walk|on a low shelf;behind a stack of books;under a chair;next to the window
the pine forest|in|out trees wild walk|under a pine tree;behind a mossy log;in the needles;next to a stump
the berry patch|in|out wild walk|under a bush;between the leaves;next to a stone;in the grass
the rose garden|in|out play walk|under a bench;behind a rose bush;next to the fountain;beside the path
the duck pond|at|out water play walk|between the reeds;behind the bench;next to the duck house;under the willow
the porch|on|out home play|under the steps;behind a flower pot;beside the door;under the swing
the playroom|in|in home play|under the table;in the toy chest;behind the shelf;under the rug
the laundry room|in|in home|in a basket;behind the washing machine;under a towel;in a pocket
the garage|in|in home|behind a tire;under the workbench;in a box;next to the ladder
the school|at|in learn town walk|under a desk;next to the coat hooks;in the hall;on the stairs
the cornfield|in|out wild open|between the rows;under a leaf;next to the scarecrow;by the fence
the picnic ground|at|out open play trees|under a table;behind a tree;next to a basket;in the grass
the apple tree|under|out trees home|in the grass;behind the trunk;under a leaf;between the roots
the hen house|in|in|under the straw;behind a nest;in a corner;next to the door
the pet shop|in|in town shop walk|behind a cage;under the counter;next to the fish tank;by the window
the sand dunes|in|out open wild walk|in the sand;behind a tuft of grass;under a piece of wood;next to the path
the old mill|at|out water walk|behind a sack;under the wheel;next to the door;on the steps
the football field|on|out open play town|behind the goal;under a bench;in the grass;next to the fence
the ferry|on|out water town|under a seat;behind a rope;next to the stairs;beside a big box
the waterfall|at|out water wild walk|behind a wet rock;in the moss;between two stones;under a fern
the maple grove|in|out trees wild walk|in the red leaves;behind a trunk;next to a stump;under a root
the bamboo forest|in|out trees wild walk|behind a tall bamboo;under some leaves;next to the path;by a stone
the snowy field|in|out open|behind a snow bank;under a bush;next to the fence;beside a sled
the town hall|in|in town walk|under a chair;beside the stage;next to the door;behind the curtain
the theater|in|in town|under a seat;behind the curtain;on the stage;next to the door
the hospital|in|in town|under a bed;next to the door;on a chair;behind a screen
the bank of the river|on|out water wild|between two stones;in the reeds;under a root;next to a log
the top of the hill|at|out open wild walk|behind a stone;in the grass;next to the bench;under a bush
the edge of the forest|at|out trees wild walk|under a bush;behind a log;next to a stump;in the leaves
the corner store|in|in town shop walk|under a shelf;next to the door;behind the counter;beside the apples
the fire station|at|in town walk|under the truck;next to the door;behind a hose;on the stairs
`

export const PLACES: readonly Place[] = ROWS.trim()
  .split('\n')
  .map((row) => {
    const [name, at, tags, spots] = row.split('|')
    return { name, at, tags: tags.split(' '), spots: spots.split(';') }
  })

const byTags = new Map<string, readonly Place[]>()

/** The places with all of the tags of one of the alternatives, e.g. "out play|in home play". */
export function placesWith(alternatives: string): readonly Place[] {
  let list = byTags.get(alternatives)
  if (list === undefined) {
    const wanted = alternatives.split('|').map((tags) => tags.split(' '))
    list = PLACES.filter(({ tags }) => wanted.some((all) => all.every((tag) => tags.includes(tag))))
    if (list.length === 0) throw new Error(`There is no place that is ${alternatives}`)
    byTags.set(alternatives, list)
  }
  return list
}
