/**
 * What a child knows, as tables. A table has phrasings "Question? = Answer." with 0, 1, … in braces for the columns of its rows, which
 * are separated by " / ". A phrasing in which a table's first column stands at the beginning gets a capital.
 */
export interface Table {
  readonly name: string
  readonly phrasings: string
  readonly rows: string
}

export const TABLES: readonly Table[] = [
  {
    name: 'color',
    phrasings: `
      What color {1} {0}? = {0} {1} {2}.
      Which color {1} {0}? = {0} {1} {2}.
      Can you tell me what color {0} {1}? = {0} {1} {2}.
      Do you know the color of {0}? = Yes, {0} {1} {2}.
      Tell me, what color {1} {0}? = The color is {2}.`,
    rows: `
      the sky / is / blue | grass / is / green | snow / is / white | the sun / is / yellow | bananas / are / yellow |
      a tomato / is / red | a carrot / is / orange | milk / is / white | chocolate / is / brown | coal / is / black |
      a lemon / is / yellow | a strawberry / is / red | leaves / are / green | a polar bear / is / white | the night / is / black |
      a cherry / is / red | a pumpkin / is / orange | a frog / is / green | a crow / is / black | a pig / is / pink |
      an elephant / is / gray | a fire truck / is / red | a cloud / is / white | the sea / is / blue | mud / is / brown |
      a flamingo / is / pink | a sunflower / is / yellow | a plum / is / purple | an orange / is / orange | peas / are / green |
      a ladybug / is / red and black | a zebra / is / black and white | a swan / is / white | a mouse / is / gray |
      a cucumber / is / green | blueberries / are / blue | a fox / is / red | butter / is / yellow | wood / is / brown`,
  },
  {
    name: 'opposite',
    phrasings: `
      What is the opposite of {0}? = The opposite of {0} is {1}.
      What is the opposite of {1}? = The opposite of {1} is {0}.
      Which word means the opposite of {0}? = {1} is the opposite of {0}.
      Do you know the opposite of {1}? = Yes, it is {0}.
      If something is not {0}, what may it be? = It may be {1}.`,
    rows: `
      big / small | hot / cold | happy / sad | fast / slow | day / night | up / down | open / closed | new / old | full / empty |
      light / dark | tall / short | wet / dry | loud / quiet | hard / soft | clean / dirty | early / late | strong / weak |
      left / right | inside / outside | good / bad | long / short | heavy / light | near / far | high / low | thick / thin |
      sweet / sour | brave / afraid | rich / poor | first / last | young / old | rough / smooth | front / back | easy / difficult |
      wide / narrow | deep / shallow | awake / asleep | above / below | noisy / silent | sharp / blunt | true / false |
      same / different | more / less | always / never | begin / end | push / pull | give / take | come / go | laugh / cry`,
  },
  {
    name: 'use',
    phrasings: `
      What do we do with {0}? = We {1} with {0}.
      What is {0} for? = {0} is for {2}.
      What can you do with {0}? = You can {1} with {0}.
      What do we need for {2}? = For {2} we need {0}.
      How can we {1}? = We can {1} with {0}.`,
    rows: `
      a spoon / eat soup / eating soup | a pair of scissors / cut paper / cutting paper | a pencil / write / writing |
      a broom / sweep the floor / sweeping the floor | a key / open a door / opening a door | a towel / dry our hands / drying our hands |
      soap / wash our hands / washing our hands | a hammer / hit nails / hitting nails | a saw / cut wood / cutting wood |
      a shovel / dig a hole / digging a hole | a needle / sew / sewing | a comb / comb our hair / combing our hair |
      a toothbrush / brush our teeth / brushing our teeth | a knife / cut bread / cutting bread | a brush / paint / painting |
      a telephone / call a friend / calling a friend | a lamp / make light / making light | a camera / take pictures / taking pictures |
      a pot / cook / cooking | a bike / ride to school / riding to school | an umbrella / stay dry / staying dry |
      a ruler / measure things / measuring things | glue / stick paper together / sticking paper together |
      a watering can / water flowers / watering flowers | a ladder / climb up high / climbing up high |
      a fishing rod / catch fish / catching fish | a map / find the way / finding the way | a rope / tie things / tying things |
      a sponge / wipe the table / wiping the table | an oven / bake bread / baking bread | a kite / play in the wind / playing in the wind |
      a rake / gather leaves / gathering leaves | an axe / chop wood / chopping wood | a net / catch butterflies / catching butterflies`,
  },
  {
    name: 'body',
    phrasings: `
      What do we {0} with? = We {0} with our {1}.
      Which part of the body do we use to {0}? = We use our {1} to {0}.
      How can we {0}? = We can {0} with our {1}.
      What are our {1} for? = We use our {1} to {0}.`,
    rows: `
      see / eyes | hear / ears | walk / legs | chew / teeth | hold things / hands | clap / hands | kick a ball / feet |
      think / brains | point at things / fingers | run / legs | wave / hands | stand / feet | bite / teeth | carry bags / arms |
      hug / arms | kneel / knees | look around / eyes | listen to music / ears | count to ten / fingers | smell flowers / noses`,
  },
  {
    name: 'kind',
    phrasings: `
      What is {0}? = {0} is {1}.
      What kind of thing is {0}? = {0} is {1}.
      Is {0} {1}? = Yes, {0} is {1}.
      Can you tell me what {0} is? = {0} is {1}.
      Can you name {1}? = {0} is {1}.`,
    rows: `
      an apple / a fruit | a pear / a fruit | a banana / a fruit | a cherry / a fruit | a plum / a fruit | a peach / a fruit |
      a carrot / a vegetable | a cabbage / a vegetable | an onion / a vegetable | a cucumber / a vegetable | a potato / a vegetable |
      milk / a drink | water / a drink | lemonade / a drink | tea / a drink | a rose / a flower | a tulip / a flower | a daisy / a flower |
      an oak / a tree | a pine / a tree | a willow / a tree | a birch / a tree | a dog / an animal | a cow / an animal |
      a robin / a bird | an owl / a bird | a parrot / a bird | an eagle / a bird | a bee / an insect | an ant / an insect |
      a shark / a fish | a salmon / a fish | a car / a vehicle | a bus / a vehicle | a truck / a vehicle | red / a color | blue / a color |
      a circle / a shape | a square / a shape | Monday / a day | May / a month | winter / a season | a drum / an instrument |
      a flute / an instrument | a chair / a piece of furniture | a table / a piece of furniture | a shirt / a piece of clothing |
      a coat / a piece of clothing | a hammer / a tool | a saw / a tool | a doll / a toy | a kite / a toy | seven / a number`,
  },
  {
    name: 'day',
    phrasings: `
      Which day comes after {0}? = After {0} comes {1}.
      Which day comes before {1}? = Before {1} comes {0}.
      Today is {0}. What day is tomorrow? = Tomorrow is {1}.
      Today is {1}. What day was yesterday? = Yesterday was {0}.
      What day follows {0}? = {1} follows {0}.`,
    rows: `
      Monday / Tuesday | Tuesday / Wednesday | Wednesday / Thursday | Thursday / Friday | Friday / Saturday |
      Saturday / Sunday | Sunday / Monday`,
  },
  {
    name: 'month',
    phrasings: `
      Which month comes after {0}? = After {0} comes {1}.
      Which month comes before {1}? = Before {1} comes {0}.
      What month follows {0}? = {1} follows {0}.
      It is {0} now. What month is next? = The next month is {1}.`,
    rows: `
      January / February | February / March | March / April | April / May | May / June | June / July | July / August |
      August / September | September / October | October / November | November / December | December / January`,
  },
  {
    name: 'season',
    phrasings: `
      What time of the year is it when {0}? = It is {1} when {0}.
      What season is it when {0}? = It is {1}.`,
    rows: `
      it snows / winter | leaves fall / autumn | the first flowers bloom / spring | it is very hot / summer |
      we build snowmen / winter | we swim in the lake / summer | birds build nests / spring | we pick apples / autumn |
      we wear mittens / winter | the days are longest / summer | the snow melts / spring | it gets dark early / winter`,
  },
  {
    name: 'job',
    phrasings: `
      What does {0} do? = {0} {1}.
      Who {1}? = {0} {1}.
      What is the work of {0}? = {0} {1}.
      Do you know who {1}? = Yes, {0} {1}.`,
    rows: `
      a baker / bakes bread | a teacher / teaches children | a doctor / helps sick people | a farmer / grows food |
      a firefighter / puts out fires | a mailman / brings letters | a cook / makes meals | a pilot / flies planes |
      a painter / paints pictures | a gardener / takes care of plants | a dentist / looks after teeth | a sailor / sails on ships |
      a bus driver / drives a bus | a tailor / makes clothes | a singer / sings songs | a librarian / lends books |
      a carpenter / makes things of wood | a fisherman / catches fish | a vet / helps sick animals | a shepherd / looks after sheep |
      a writer / writes books | a barber / cuts hair | a builder / builds houses | a clown / makes people laugh`,
  },
  {
    name: 'shape',
    phrasings: `
      What shape is {0}? = {0} is {1}.
      Is {0} round or square? = {0} is {1}.
      Can you tell me the shape of {0}? = {0} is {1}.`,
    rows: `
      a ball / round | a coin / round | a wheel / round | the sun / round | a plate / round | a ring / round | the full moon / round |
      a pancake / round | a button / round | an orange / round | a chess board / square | a dice / square | a gift box / square`,
  },
  {
    name: 'sides',
    phrasings: `
      How many {2} does {0} have? = {0} has {1} {2}.
      What has {1} {2}? = {0} has {1} {2}.
      Count the {2} of {0}. How many are there? = There are {1} {2}.`,
    rows: `
      a triangle / three / sides | a square / four / sides | a bike / two / wheels | a car / four / wheels | a hand / five / fingers |
      a foot / five / toes | a week / seven / days | a year / twelve / months | a table / four / legs | a tricycle / three / wheels |
      a clock / two / hands | a rectangle / four / corners | a face / two / eyes | a bird / two / wings | a year / four / seasons`,
  },
  {
    name: 'feel',
    phrasings: `
      How does {0} feel? = {0} feels {1}.
      Is {0} {1} or {2}? = {0} is {1}.
      What is {0} like? = {0} is {1}.`,
    rows: `
      ice / cold / hot | fire / hot / cold | a pillow / soft / hard | a stone / hard / soft | a feather / light / heavy |
      a rock / heavy / light | honey / sweet / sour | a lemon / sour / sweet | the desert / dry / wet | the sea / wet / dry |
      a knife / sharp / blunt | glass / smooth / rough | snow / cold / warm | soup / warm / cold | sugar / sweet / salty |
      a giant / big / small | an ant / small / big | a turtle / slow / fast | a rocket / fast / slow | thunder / loud / quiet`,
  },
  {
    name: 'weather',
    phrasings: `
      What do we need when {0}? = When {0}, we need {1}.
      What is {1} good for? = It is good when {0}.
      Imagine that {0}. What do you take with you? = I take {1}.`,
    rows: `
      it rains / an umbrella | it is cold / a warm coat | it snows / warm boots | the sun is hot / a hat | it is dark / a lamp |
      it is windy / a kite | our hands are cold / mittens | there are puddles / rubber boots | our neck is cold / a scarf`,
  },
  {
    name: 'from',
    phrasings: `
      Where does {0} come from? = {0} comes from {1}.
      What gives us {0}? = We get {0} from {1}.
      Do you know where we get {0}? = Yes, we get {0} from {1}.`,
    rows: `
      milk / cows | honey / bees | wool / sheep | bread / grain | rain / clouds | paper / wood | light / the sun | butter / milk |
      cheese / milk | flour / grain | apple juice / apples | smoke / fire | an egg / a hen | water / rivers and wells`,
  },
  {
    name: 'place',
    phrasings: `
      Where do we {0}? = We {0} {1}.
      Where can you {0}? = You can {0} {1}.
      What do we do {1}? = We {0} {1}.`,
    rows: `
      cook / in the kitchen | sleep / in bed | wash / in the bathroom | borrow books / in the library | buy bread / in the bakery |
      see lions / at the zoo | learn to read / at school | swim / in the pool | build sand castles / at the beach |
      send letters / at the post office | watch a play / in the theater | grow vegetables / in the garden | take a train / at the station |
      ride a horse / on the farm | look at old things / in the museum | get well again / in the hospital | park the car / in the garage`,
  },
  {
    name: 'family',
    phrasings: `
      Who is {0}? = {0} is {1}.
      What do you call {0}? = {0} is {1}.
      Can you say who {0} is? = {0} is {1}.`,
    rows: `
      the mother of your mother / your grandmother | the father of your father / your grandfather | the sister of your mother / your aunt |
      the brother of your father / your uncle | the daughter of your aunt / your cousin |
      the father of your mother / your grandfather | the mother of your father / your grandmother`,
  },
  {
    name: 'wear',
    phrasings: `
      Where do we wear {0}? = We wear {0} on {1}.
      What do we wear on {1}? = On {1} we can wear {0}.
      Is {0} for {1}? = Yes, we wear {0} on {1}.`,
    rows: `
      a hat / the head | a shoe / the foot | a glove / the hand | a sock / the foot | a ring / the finger | a watch / the arm |
      a cap / the head | a boot / the foot | a crown / the head | a mitten / the hand | a helmet / the head | a slipper / the foot`,
  },
  {
    name: 'made',
    phrasings: `
      What is {0} made of? = {0} is made of {1}.
      Is {0} made of {1}? = Yes, {0} is made of {1}.
      Tell me what {0} is made of. Do you know? = Yes, {0} is made of {1}.`,
    rows: `
      a window / glass | a book / paper | a key / metal | a sweater / wool | a snowman / snow | a coin / metal | a candle / wax |
      a chest / wood | a sand castle / sand | a puddle / water | a wall / stone | a shirt / cloth | a tire / rubber | a nest / twigs |
      a spider web / thin threads | a bottle / glass | a fence / wood | a boot / leather | a cloud / tiny drops of water`,
  },
  {
    name: 'letter',
    phrasings: `
      Which letter comes after {0}? = After {0} comes {1}.
      Which letter comes before {1}? = Before {1} comes {0}.`,
    rows: `
      A / B | B / C | C / D | D / E | E / F | F / G | G / H | H / I | I / J | J / K | K / L | L / M | M / N | N / O | O / P | P / Q | Q / R |
      R / S | S / T | T / U | U / V | V / W | W / X | X / Y | Y / Z`,
  },
]
